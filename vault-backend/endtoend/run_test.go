package endtoend

import "testing"

func TestTheTableOnTheDevelopmentHost(t *testing.T) {
	t.Parallel()
	readers := []reader{goClient}
	if !testing.Short() {
		readers = append(readers, command)
	}
	everything(t, found(t, startEmbedded(t)), readers...)
}

func TestTheTableOnARealVault(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	requireVault(t)
	t.Parallel()
	everything(t, found(t, startReal(t)), goClient, command)
}

// everything plays the table and then looks at what is left of it.
func everything(t *testing.T, o *organisation, readers ...reader) {
	playTable(t, o, readers...)
	t.Run("nothing-at-rest", func(t *testing.T) { nothingAtRest(t, o) })
}
