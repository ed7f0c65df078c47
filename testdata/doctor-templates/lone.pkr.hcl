# The way most people begin: goldkeep alone. Whatever makes it fail costs the image.
source "amazon-ebs" "web" {
  region   = "eu-west-1"
  ami_name = "web-{{timestamp}}"
}

build {
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" {
    inline = ["goldkeep release --family web"]
  }
}
