# Several sources, one manifest.
source "amazon-ebs" "a" {
  tags = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "b" {
  tags = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "c" {
  tags = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "d" {
  tags = { ManagedBy = "goldkeep" }
}

build {
  sources = ["source.amazon-ebs.a", "source.amazon-ebs.b", "source.amazon-ebs.c", "source.amazon-ebs.d"]
  post-processor "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "manifest" { output = "all.json" }
    post-processor "shell-local" { inline = ["goldkeep release --manifest all.json"] }
  }
  # Two of them, by way of only
  post-processor "manifest" {
    only   = ["amazon-ebs.a", "amazon-ebs.b"]
    output = "two.json"
  }
  # Twice by each, once told
  post-processor "manifest" { output = "twice.json" }
  post-processor "manifest" { output = "./twice.json" }
  # One each: nothing to say
  post-processor "manifest" { output = "manifest.${source.name}.json" }
  post-processor "manifest" { output = "manifest.{{build_name}}.json" }
  post-processor "manifest" { output = "manifest.${build.ID}.json" }
}
