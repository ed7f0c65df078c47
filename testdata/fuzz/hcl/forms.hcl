# a comment
/* another */ a = 1.5e-3 // and more
b = "x ${var.y["k"] != null ? "q${1}" : upper("}")} %{ if true ~}t%{ endif } $${no} \u00e9\U0001F600\n"
c = <<-EOT
    one ${two
      + 3}
  EOT
d = [1, "two", [true], {x: null, "y" = -1, (z) = [for k, v in m : k => v if v], },]
block "label" other {
  e = f(a..., b[*].c)
}
single { g = 1 }
h = <<EOT
EOT
