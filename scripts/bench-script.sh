#!/usr/bin/env bash
# What people write with the AWS CLI and jq instead of goldkeep: tag image and snapshots in every region,
# remember the release in a file, look for instances and launch templates, keep the newest two.
# Argument: a version number. $URL: the endpoint.
set -euo pipefail
version=0.1.$1
releases=releases.txt
artifact=$(jq -r '.last_run_uuid as $run | .builds[] | select(.packer_run_uuid == $run) | .artifact_id' \
	packer-manifest.json)

ec2() {
	aws --endpoint-url "$URL" --output json ec2 "$@"
}

for entry in ${artifact//,/ }; do
	region=${entry%%:*} image=${entry#*:}
	snapshots=$(ec2 describe-images --region "$region" --owners self --image-ids "$image" |
		jq -r '.Images[0].BlockDeviceMappings[].Ebs.SnapshotId // empty')
	ec2 create-tags --region "$region" --resources "$image" $snapshots --tags \
		Key=ManagedBy,Value=script Key=script:family,Value=web "Key=script:version,Value=$version"
	ec2 describe-images --region "$region" --owners self --image-ids "$image" |
		jq -e --arg v "$version" '.Images[0].Tags[] | select(.Key == "script:version" and .Value == $v)' >/dev/null
done
echo "$version $artifact" >>"$releases"

head -n -2 "$releases" >old.txt
while read -r _ artifact; do
	for entry in ${artifact//,/ }; do
		region=${entry%%:*} image=${entry#*:}
		used=$(ec2 describe-instances --region "$region" --filters "Name=image-id,Values=$image" |
			jq '.Reservations | length')
		templates=$(ec2 describe-launch-template-versions --region "$region" --versions '$Latest' '$Default' |
			jq --arg i "$image" '[.LaunchTemplateVersions[] | select(.LaunchTemplateData.ImageId == $i)] | length')
		if [[ $used != 0 || $templates != 0 ]]; then
			continue
		fi
		snapshots=$(ec2 describe-images --region "$region" --owners self --image-ids "$image" |
			jq -r '.Images[0].BlockDeviceMappings[].Ebs.SnapshotId // empty')
		ec2 deregister-image --region "$region" --image-id "$image" >/dev/null
		for snapshot in $snapshots; do
			ec2 delete-snapshot --region "$region" --snapshot-id "$snapshot"
		done
	done
done <old.txt
tail -n 2 "$releases" >kept.txt
mv kept.txt "$releases"
