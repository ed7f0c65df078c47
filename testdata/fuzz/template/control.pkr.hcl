build {
  sources = ["source.amazon-ebs.w	eb"]
  post-processor "shell-local" {
    inline = ["goldkeep release"]
  }
}
