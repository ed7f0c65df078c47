# An application image in two regions, of which goldkeep keeps the last two releases.
#
#   packer build sample-app.pkr.hcl
#
# Keys come from the environment, and so does the inventory (GOLDKEEP_STORE), if it is not the default one.

variable "endpoint" {
  type        = string
  default     = ""
  description = "Address of an EC2 emulator; empty is AWS."
}

variable "goldkeep" {
  type        = string
  default     = "goldkeep"
  description = "Where the executable is, if not in PATH."
}

variable "ami_regions" {
  type    = list(string)
  default = ["us-east-1", "eu-west-1"]
}

locals {
  # The second half keeps builds of one second apart.
  stamp = "${formatdate("YYYYMMDD-hhmmss", timestamp())}-${substr(uuidv4(), 0, 8)}"
}

source "amazon-ebs" "sample-app" {
  region              = "us-east-1"
  custom_endpoint_ec2 = var.endpoint
  source_ami          = "ami-12c6146b"
  instance_type       = "t3.micro"
  communicator        = "none"

  ami_name        = "sample-app-${local.stamp}"
  ami_description = "The sample application"
  ami_regions     = var.ami_regions

  tags = {
    Name      = "sample-app"
    ManagedBy = "goldkeep" # what `goldkeep iam-policy` allows to be changed
    SourceAMI = "{{ .SourceAMI }}"
  }
}

build {
  sources = ["source.amazon-ebs.sample-app"]

  # First of all: after this, Packer keeps the image whatever happens in the post-processors below.
  post-processor "shell-local" { inline = ["true"] }

  post-processors {
    post-processor "manifest" {
      output = "manifest.${source.name}.json"
      custom_data = {
        goldkeep_family = "sample-app"
        source_ami      = "${build.SourceAMI}"
      }
    }
    post-processor "shell-local" {
      inline = ["${var.goldkeep} release --manifest manifest.${source.name}.json --family sample-app --keep-last 2"]
    }
  }
}
