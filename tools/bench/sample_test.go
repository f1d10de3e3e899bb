package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
)

func TestMedianIsTheMiddleFigure(t *testing.T) {
	for _, c := range []struct {
		of   sample
		want float64
	}{
		{sample{3}, 3},
		{sample{9, 1, 5}, 5},
		{sample{1, 2, 4, 100}, 3},
		{nil, 0},
	} {
		if got := c.of.median(); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.of, got, c.want)
		}
	}
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	got := sample{2, 30}.over(sample{1, 10})
	if !slices.Equal(got, sample{2, 3}) {
		t.Fatalf("got %v", got)
	}
}

func TestGoalsSayWhetherTheyAreMet(t *testing.T) {
	for _, c := range []struct {
		goal   goal
		figure float64
		want   []string
	}{
		{atMost(1.3), 1.3, []string{"≤ 1.3", "met"}},
		{atMost(1.3), 1.31, []string{"≤ 1.3", "MISSED"}},
		{atLeast(4000), 4000, []string{"≥ 4000", "met"}},
		{atLeast(0.8), 0.79, []string{"≥ 0.8", "MISSED"}},
	} {
		if got := c.goal.judge(c.figure); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.figure, got, c.want)
		}
	}
}

func TestContestantsTakeTurnsAndTheFirstRoundDoesNotCount(t *testing.T) {
	var order string
	once := func(name string) contestant {
		return contestant{name, func(context.Context) (float64, error) { order += name; return float64(len(order)), nil }}
	}
	figures, err := compete(t.Context(), 2, &progress{to: io.Discard}, once("a"), once("b"))
	if err != nil || order != "abbaab" {
		t.Fatalf("%v, order %q", err, order)
	}
	if !slices.Equal(figures["a"], sample{4, 5}) || !slices.Equal(figures["b"], sample{3, 6}) {
		t.Fatalf("figures %v", figures)
	}
}

func TestAContestantThatFailsEndsTheCompetition(t *testing.T) {
	broken := errors.New("broken")
	_, err := compete(t.Context(), 2, &progress{to: io.Discard}, contestant{"a", func(context.Context) (float64, error) { return 0, broken }})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
}
