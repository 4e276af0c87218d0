# Needs no provider: its state, and with it our credentials, is what the test is about.
terraform {
  backend "s3" {
    bucket         = "state"
    key            = "dev/terraform.tfstate"
    region         = "eu-west-1"
    use_path_style = true
    use_lockfile   = true
    # moto cannot check the signature of a query with a slash in it.
    workspace_key_prefix = ""
  }
}

variable "greeting" {
  type = string
}

resource "terraform_data" "greeting" {
  input = var.greeting
}

output "greeting" {
  value = terraform_data.greeting.output
}
