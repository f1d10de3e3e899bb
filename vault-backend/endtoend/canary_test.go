package endtoend

import (
	"fmt"

	"github.com/stillvault/stillvault/core/coretest"
	"github.com/stillvault/stillvault/core/envelope"
)

// canaries are the secrets that the test knows and that must not be found where
// they do not belong, by what they are.
type canaries map[string][]byte

func (c canaries) add(what string, secret []byte) {
	c[fmt.Sprintf("%s (%d)", what, len(c))] = append([]byte(nil), secret...)
}

func (c canaries) key(what string, k *envelope.Key) { c.add(what, k.Bytes()) }

// person adds everything that a person and their device hold in secret.
func (c canaries) person(p *coretest.Person) {
	kem, signing := p.Device.Seeds()
	c.key("device KEM seed of "+p.Name, kem)
	c.key("device signing seed of "+p.Name, signing)
	if s, err := p.Keyring.Signer(); err == nil {
		c.key("signing seed of "+p.Name, s.Seed())
		s.Wipe()
	}
}
