resource "stillvault_mount" "secrets" {
  path           = "stillvault"
  plugin_version = "v0.1.0"
  sha256         = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0" # of the release's SHA256SUMS
  public_url     = "https://vault.example.com/v1/stillvault/app/"

  lifecycle {
    prevent_destroy = true
  }
}
