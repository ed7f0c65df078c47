# Two images that are built at the same time. Each has a manifest and a family of its own.

variable "endpoint" {
  type    = string
  default = ""
}

variable "goldkeep" {
  type    = string
  default = "goldkeep"
}

locals {
  stamp = "${formatdate("YYYYMMDD-hhmmss", timestamp())}-${substr(uuidv4(), 0, 8)}"
}

source "amazon-ebs" "web" {
  region              = "us-east-1"
  custom_endpoint_ec2 = var.endpoint
  source_ami          = "ami-12c6146b"
  instance_type       = "t3.micro"
  communicator        = "none"
  ami_name            = "web-${local.stamp}"
  ami_regions         = ["us-east-1", "eu-west-1"]
  tags                = { ManagedBy = "goldkeep" }
}

source "amazon-ebs" "db" {
  region              = "eu-west-1"
  custom_endpoint_ec2 = var.endpoint
  source_ami          = "ami-12c6146b"
  instance_type       = "t3.micro"
  communicator        = "none"
  ami_name            = "db-${local.stamp}"
  tags                = { ManagedBy = "goldkeep" }
}

build {
  sources = ["source.amazon-ebs.web", "source.amazon-ebs.db"]

  post-processor "shell-local" { inline = ["true"] }

  post-processors {
    post-processor "manifest" {
      output = "manifest.${source.name}.json"
      custom_data = {
        goldkeep_family = "${source.name}"
      }
    }
    post-processor "shell-local" {
      inline = ["${var.goldkeep} release --manifest manifest.${source.name}.json --keep-last 2"]
    }
  }
}
