"""Launch templates: paging, filters and resolved aliases, which moto leaves out."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

import filters
import paging
import parameters

MOST = 200
ALL = 1 << 30
VERSION_FILTERS = {
    "image-id": filters.field("LaunchTemplateData", "ImageId"),
    "instance-type": filters.field("LaunchTemplateData", "InstanceType"),
    "is-default-version": filters.field("DefaultVersion"),
    "ebs-optimized": filters.field("LaunchTemplateData", "EbsOptimized"),
    "kernel-id": filters.field("LaunchTemplateData", "KernelId"),
    "ram-disk-id": filters.field("LaunchTemplateData", "RamDiskId"),
    "iam-instance-profile": filters.field("LaunchTemplateData", "IamInstanceProfile", "Arn"),
}
TEMPLATE_FILTERS = {"launch-template-name": filters.field("LaunchTemplateName")}


class TemplateActions:
    """Mixed into the EC2 response class."""

    def describe_launch_templates(self: Any) -> ActionResult:
        self.error_on_dryrun()
        found = self.ec2_backend.describe_launch_templates(
            template_names=self._get_param("LaunchTemplateNames", []),
            template_ids=self._get_param("LaunchTemplateIds", []),
        )
        views = [template_view(self, template) for template in found]
        views = filters.apply(views, self._get_param("Filters", []), TEMPLATE_FILTERS)
        here, token = paging.page(
            self, views, lambda v: v["LaunchTemplateId"], least=1, most=MOST, default=MOST
        )
        return ActionResult({"LaunchTemplates": here, "NextToken": token})

    def describe_launch_template_versions(self: Any) -> ActionResult:
        self.error_on_dryrun()
        found = self.ec2_backend.describe_launch_template_versions(
            template_name=self._get_param("LaunchTemplateName"),
            template_id=self._get_param("LaunchTemplateId"),
            versions=self._get_param("Versions", []),
            min_version=self._get_int_param("MinVersion"),
            max_version=self._get_int_param("MaxVersion"),
            max_results=ALL,
        )
        unique = {(t.id, v.number): version_view(self, t, v) for t, v in found}
        views = filters.apply(
            list(unique.values()), self._get_param("Filters", []), VERSION_FILTERS
        )
        here, token = paging.page(self, views, version_key, least=1, most=MOST, default=MOST)
        return ActionResult({"LaunchTemplateVersions": here, "NextToken": token})


def template_view(response: Any, template: Any) -> dict[str, Any]:
    return {
        "CreateTime": template.create_time,
        "CreatedBy": f"arn:{response.partition}:iam::{response.current_account}:root",
        "DefaultVersionNumber": template.default_version_number,
        "LatestVersionNumber": template.latest_version_number,
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Tags": [{"Key": t["key"], "Value": t["value"]} for t in template.get_tags()],
    }


def version_view(response: Any, template: Any, version: Any) -> dict[str, Any]:
    data = dict(version.data)
    if response._get_param("ResolveAlias", False) and data.get("ImageId"):
        data["ImageId"] = resolved(response.ec2_backend, data["ImageId"])
    return {
        "CreateTime": version.create_time,
        "CreatedBy": f"arn:{response.partition}:iam::{response.current_account}:root",
        "DefaultVersion": template.is_default(version),
        "LaunchTemplateData": data,
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionDescription": version.description,
        "VersionNumber": version.number,
    }


def resolved(backend: Any, text: str) -> str:
    image_id = parameters.resolve(backend, text)
    if image_id.startswith(parameters.PREFIX):
        message = f"The alias '{text}' cannot be resolved"
        raise EC2ClientError("InvalidParameterValue", message)
    return image_id


def version_key(view: dict[str, Any]) -> str:
    """Newest version first, as AWS lists them."""
    return f"{view['LaunchTemplateId']} {ALL - view['VersionNumber']:010d}"
