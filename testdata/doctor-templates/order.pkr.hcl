# goldkeep before the manifest, without one, and with another one than is written.
source "amazon-ebs" "web" {
  tags = { ManagedBy = "goldkeep" }
}

build {
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "shell-local" { inline = ["goldkeep release"] }
    post-processor "manifest" {}
  }
}

build {
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" { inline = ["true"] }
  post-processor "shell-local" { inline = ["goldkeep release"] }
}

build {
  sources = ["source.amazon-ebs.web"]
  post-processor "shell-local" { inline = ["echo kept"] }
  post-processor "manifest" { output = "./one.json" }
  post-processor "shell-local" { inline = ["goldkeep release --manifest=one.json"] }
  post-processor "shell-local" { inline = ["goldkeep release --manifest two.json"] }
  post-processor "shell-local" { inline = ["goldkeep release"] }
  post-processor "shell-local" {
    environment_vars = ["GOLDKEEP_MANIFEST=one.json"]
    inline           = ["goldkeep release"]
  }
  post-processor "shell-local" { inline = ["cd .. && goldkeep release --manifest two.json"] }
  post-processor "shell-local" { inline = ["goldkeep release --manifest $FILE"] }
}
