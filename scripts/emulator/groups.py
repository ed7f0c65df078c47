"""Auto Scaling: paging that keeps to the settings and refuses bad tokens."""

from typing import Any

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

import paging


class Response(AutoScalingResponse):
    def describe_launch_configurations(self) -> ActionResult:
        names = self._get_param("LaunchConfigurationNames", [])
        found = self.autoscaling_backend.describe_launch_configurations(names)
        return self.listing("LaunchConfigurations", found)

    def describe_auto_scaling_groups(self) -> ActionResult:
        found = self.autoscaling_backend.describe_auto_scaling_groups(
            self._get_param("AutoScalingGroupNames", []),
            filters=self._get_param("Filters", []),
        )
        return self.listing("AutoScalingGroups", found)

    def listing(self, name: str, found: list[Any]) -> ActionResult:
        here, token = paging.page(
            self,
            found,
            lambda item: item.name,
            least=1,
            most=100,
            default=50,
            size_name="MaxRecords",
        )
        return ActionResult({name: here, "NextToken": token})
