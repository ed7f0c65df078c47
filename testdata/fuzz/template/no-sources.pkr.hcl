source "amazon-ebs" "web" {
}
build {
  sources = var.sources
  post-processors {
    post-processor "manifest" { output = "m.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest m.json"] }
  }
}
build {
}
build {
  source "source.amazon-ebs.web" {
    name = "left"
  }
  source "source.amazon-ebs.web" {
    name = "right"
  }
  post-processors {
    post-processor "manifest" { output = "m.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest m.json"] }
  }
}
