# The image of the sample application. build.sh says with which variables.

# From parameters.json
variable "family" { type = string }
variable "build_region" { type = string }
variable "ami_regions" { type = list(string) }
variable "source_ami" { type = string }
variable "instance_type" { type = string }

# From `goldkeep next --format pkrvars`
variable "version" { type = string }
variable "ami_name" { type = string }

# From `goldkeep fingerprint`
variable "fingerprint" { type = string }

variable "goldkeep" {
  type    = string
  default = "goldkeep"
}

variable "endpoint" {
  type        = string
  default     = ""
  description = "Address of an EC2 emulator; empty is AWS."
}

source "amazon-ebs" "image" {
  region              = var.build_region
  custom_endpoint_ec2 = var.endpoint
  source_ami          = var.source_ami
  instance_type       = var.instance_type
  communicator        = "none"
  ami_regions         = var.ami_regions

  # The time behind it, because a build that came to nothing may have left an image of that name.
  ami_name = "${var.ami_name} ${formatdate("YYYYMMDDhhmmss", timestamp())}"

  tags = {
    Name      = var.ami_name
    ManagedBy = "goldkeep"
  }
}

build {
  sources = ["source.amazon-ebs.image"]

  # First of all: after this, Packer keeps the image whatever happens in the post-processors below.
  post-processor "shell-local" { inline = ["true"] }

  post-processors {
    post-processor "manifest" {
      output = "packer-manifest.json"
      custom_data = {
        goldkeep_family      = var.family
        goldkeep_version     = var.version
        goldkeep_fingerprint = var.fingerprint
      }
    }
    post-processor "shell-local" {
      inline = ["${var.goldkeep} release --manifest packer-manifest.json --config goldkeep.ini"]
    }
  }
}
