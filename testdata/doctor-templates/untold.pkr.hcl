# What the text alone does not tell.
variable "sources" {
  type = list(string)
}
variable "commands" {
  type = list(string)
}
source "amazon-ebs" "web" {
  tags = merge({ ManagedBy = "goldkeep" }, {})
}

build {
  sources = var.sources
}

build {
  name    = "scripts"
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" { script = "release.sh" }
  post-processor "some-plugin" {
  }
}

build {
  name    = "plugin"
  sources = ["source.amazon-ebs.web"]
  post-processor "some-plugin" {
  }
}

build {
  sources = ["source.amazon-ebs.web"]
  post-processors {
    post-processor "shell-local" { inline = var.commands }
    post-processor "some-plugin" {
    }
  }
}

build {
}
