package endtoend

import (
	"testing"

	"github.com/stillvault/stillvault/plugins/host/vaultserver"
	"github.com/stillvault/stillvault/plugins/host/vaultserver/vaultservertest"
)

// TestTheSearchReadsWhatOnlyLooksCompressed: Vault takes a value that begins
// with an L for one that it compressed with LZ4, and a random salt may.
func TestTheSearchReadsWhatOnlyLooksCompressed(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real Vault; the long run has one")
	}
	server := vaultservertest.Start(t, vaultserver.Options{Storage: vaultserver.InMemory, RawStorage: true})
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	const key, value = "logical/looks-compressed", "Like a salt"
	if _, err := client.Logical().Write("sys/raw/"+key, map[string]any{"value": value}); err != nil {
		t.Fatal(err)
	}
	if got, err := readRaw(client, key); err != nil || string(got) != value {
		t.Fatalf("got %q, %v", got, err)
	}
}
