# Settings of the builder that bear on what goldkeep does later.
source "amazon-ebs" "none" {
  skip_create_ami = true
}
source "amazon-ebs" "forced" {
  ami_name              = "web"
  force_deregister      = true
  force_delete_snapshot = true
}
source "amazon-ebs" "forced-with-time" {
  ami_name         = "web-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  force_deregister = true
}
source "amazon-ebs" "protected" {
  tags = { ManagedBy = "terraform" }
  deregistration_protection {
    enabled = true
  }
}
source "amazon-ebsvolume" "data" {
}

build {
  sources = [
    "source.amazon-ebs.none", "source.amazon-ebs.forced", "source.amazon-ebs.forced-with-time",
    "source.amazon-ebs.protected", "source.amazon-ebsvolume.data", "source.amazon-ebs.missing",
  ]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "manifest.${source.name}.json" }
    post-processor "shell-local" {
      valid_exit_codes = [3]
      inline           = ["goldkeep release --manifest manifest.${source.name}.json || true"]
    }
  }
}
