# One source under two names: Packer calls both by the label.
source "amazon-ebs" "base" {
  tags = { ManagedBy = "goldkeep" }
}

build {
  source "source.amazon-ebs.base" {
    name     = "front"
    ami_name = "front-{{timestamp}}"
  }
  source "source.amazon-ebs.base" {
    name     = "back"
    ami_name = "back-{{timestamp}}"
  }
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "shared.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest shared.json --family $PACKER_BUILD_NAME"] }
  }
}
