# A launch template and an Auto Scaling group that run what goldkeep released last.
#
# images.auto.tfvars.json beside this file comes from `goldkeep release --publish-tfvars`, so the plan
# shows which image comes and which goes. Works with OpenTofu as well.

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "ami_family" { type = string }
variable "ami_version" { type = string }
variable "ami_ids" { type = map(string) }
variable "ami_ids_by_architecture" { type = map(map(string)) }

variable "endpoint" {
  type        = string
  default     = null
  description = "Address of an emulator; none is AWS."
}

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = var.region
  skip_credentials_validation = var.endpoint != null
  skip_metadata_api_check     = var.endpoint != null
  skip_requesting_account_id  = var.endpoint != null

  endpoints {
    autoscaling = var.endpoint
    ec2         = var.endpoint
    ssm         = var.endpoint
    sts         = var.endpoint
  }
}

# The other way: the parameter that goldkeep publishes. Changes when the channel moves, not when this
# file does.
data "aws_ssm_parameter" "latest" {
  name = "/golden/${var.ami_family}/latest"
}

resource "aws_launch_template" "app" {
  name                   = var.ami_family
  image_id               = var.ami_ids[var.region]
  instance_type          = "t3.micro"
  update_default_version = true

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = var.ami_family, Version = var.ami_version }
  }
}

resource "aws_autoscaling_group" "app" {
  name               = var.ami_family
  availability_zones = ["${var.region}a"]
  min_size           = 0
  max_size           = 2
  desired_capacity   = 0

  launch_template {
    id      = aws_launch_template.app.id
    version = aws_launch_template.app.latest_version
  }
}

output "image" {
  value = aws_launch_template.app.image_id
}

output "published" {
  value = nonsensitive(data.aws_ssm_parameter.latest.value)
}
