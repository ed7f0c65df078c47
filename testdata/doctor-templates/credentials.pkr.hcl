# What only the builder gets. None of the keys may be seen anywhere.
variable "profile" {
  default = "build"
}
variable "access_key" {
  default = env("AWS_ACCESS_KEY_ID")
}
variable "from_outside" {
  type = string
}
variable "secret" {
  default   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  sensitive = true
}
locals {
  home   = "eu-west-1"
  copies = [local.home, "us-east-1", var.from_outside]
}

source "amazon-ebs" "profile" {
  profile                 = var.profile
  region                  = local.home
  ami_regions             = local.copies
  shared_credentials_file = "/etc/aws/credentials"
  custom_endpoint_ec2     = "http://localhost:4566"
  tags                    = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "role" {
  region = "${local.home}"
  assume_role {
    role_arn     = "arn:aws:iam::123456789012:role/packer"
    session_name = "packer"
  }
  tags = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "keys" {
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = var.secret
  tags       = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "inherited" {
  access_key = var.access_key
  tags       = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "outside" {
  access_key = var.from_outside
  profile    = var.from_outside
  tags       = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "vault" {
  vault_aws_engine {
    name = "ec2"
  }
  tags = { ManagedBy = "goldkeep" }
}

build {
  sources = [
    "source.amazon-ebs.profile", "source.amazon-ebs.role", "source.amazon-ebs.keys",
    "source.amazon-ebs.inherited", "source.amazon-ebs.outside", "source.amazon-ebs.vault",
  ]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "manifest.${source.name}.json" }
    post-processor "shell-local" {
      inline = ["goldkeep release --manifest manifest.${source.name}.json"]
    }
  }
}
