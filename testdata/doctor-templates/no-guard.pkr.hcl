# A manifest comes first, so only its own failure costs the image.
source "amazon-ebs" "web" {
  region      = "eu-west-1"
  ami_regions = ["eu-west-1", "us-east-1"]
  ami_name    = "web-{{timestamp}}"
  tags        = { ManagedBy = "goldkeep" }
}

build {
  sources = ["amazon-ebs.web"]
  post-processors {
    post-processor "manifest" {}
    post-processor "shell-local" {
      inline = [
        "set -e",
        <<-EOT
          # goldkeep release --manifest other.json
          goldkeep -v release \
            --family 'web' # the only one
        EOT
      ]
    }
  }
}
