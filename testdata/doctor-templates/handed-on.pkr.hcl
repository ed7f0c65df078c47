# The same credentials for both.
source "amazon-ebs" "profile" {
  profile = "build"
  tags    = { ManagedBy = "goldkeep" }
}
source "amazon-ebs" "keys" {
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  tags       = { ManagedBy = "goldkeep" }
}

build {
  sources = ["source.amazon-ebs.profile", "source.amazon-ebs.keys"]
  post-processor "shell-local" { inline = [":"] }
  post-processors {
    post-processor "manifest" { output = "manifest.${source.name}.json" }
    post-processor "shell-local" {
      only = ["amazon-ebs.profile"]
      inline = [
        "export AWS_PROFILE=build",
        "/opt/bin/goldkeep release --manifest manifest.$${PACKER_BUILD_NAME}.json || exit 1",
      ]
    }
    post-processor "shell-local" {
      except = ["amazon-ebs.profile"]
      env = {
        AWS_ACCESS_KEY_ID     = "AKIAIOSFODNN7EXAMPLE"
        AWS_SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
      }
      command = "goldkeep release --manifest 'manifest.${source.name}.json'"
    }
  }
}
