check "secrets" {
  data "stillvault_status" "this" {}

  assert {
    condition     = length(data.stillvault_status.this.lost) == 0
    error_message = "Nobody can open these any more: ${join(", ", data.stillvault_status.this.lost)}"
  }
  assert {
    condition     = length(data.stillvault_status.this.rotate) == 0
    error_message = "Break-glass was used; change these credentials: ${join(", ", data.stillvault_status.this.rotate)}"
  }
}
