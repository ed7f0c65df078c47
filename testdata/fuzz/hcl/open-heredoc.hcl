a = <<X
no end