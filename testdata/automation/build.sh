#!/bin/sh
# Builds an image, unless one was made from these very inputs already, and releases it.
#
#   parameters.json -> pkrvars -> packer build -> goldkeep release -> SSM parameters, tfvars
#
# The steps one by one, so that any CI system can run them as its own.
set -eu
cd "$(dirname "$0")"

parameters=parameters.pkrvars.json
version=version.pkrvars.hcl
goldkeep=${GOLDKEEP:-goldkeep}
family=sample-app

# Packer tells JSON from HCL by the name of a file.
cp parameters.json "$parameters"

# Is there anything to build? Status 6 says yes, everything else but 0 that nobody knows.
fingerprint=$("$goldkeep" fingerprint image parameters.json)
status=0
"$goldkeep" check --family "$family" --fingerprint "$fingerprint" || status=$?
case $status in
0) exit 0 ;;
6) ;;
*) exit "$status" ;;
esac

# The image's name tells its version, so that has to be known before.
"$goldkeep" next --family "$family" --format pkrvars >"$version"

packer build -color=false -var-file="$parameters" -var-file="$version" \
	-var "fingerprint=$fingerprint" -var "goldkeep=$goldkeep" image
