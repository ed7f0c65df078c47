# A post-processor that fails. The guard before it is what keeps the image; tests take it out.

variable "endpoint" {
  type    = string
  default = ""
}

locals {
  stamp = "${formatdate("YYYYMMDD-hhmmss", timestamp())}-${substr(uuidv4(), 0, 8)}"
}

source "amazon-ebs" "failing" {
  region              = "us-east-1"
  custom_endpoint_ec2 = var.endpoint
  source_ami          = "ami-12c6146b"
  instance_type       = "t3.micro"
  communicator        = "none"
  ami_name            = "failing-${local.stamp}"
  ami_regions         = ["us-east-1", "eu-west-1"]
}

build {
  sources = ["source.amazon-ebs.failing"]

  post-processor "shell-local" { inline = ["true"] }

  post-processor "shell-local" {
    inline = ["exit 7"]
  }
}
