# The same with a manifest each, first of one family and then of two.
source "amazon-ebs" "base" {
  tags = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "other" {
  tags = { ManagedBy = "goldkeep" }
}

build {
  source "source.amazon-ebs.base" {
    name = "front"
  }
  source "source.amazon-ebs.base" {
    name = "back"
  }
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "manifest.${source.name}.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest manifest.${source.name}.json"] }
  }
}

# In a build each
source "amazon-ebs" "third" {
  tags = { ManagedBy = "goldkeep" }
}

build {
  sources = ["source.amazon-ebs.third"]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "small.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest small.json"] }
  }
}

build {
  sources = ["source.amazon-ebs.third"]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "large.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest large.json"] }
  }
}

build {
  source "source.amazon-ebs.other" {
    name = "left"
  }
  source "source.amazon-ebs.other" {
    name = "right"
  }
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" {
      output      = "manifest.${source.name}.json"
      custom_data = { goldkeep_family = "${source.name}" }
    }
    post-processor "shell-local" { inline = ["goldkeep release --manifest manifest.${source.name}.json"] }
  }
}
