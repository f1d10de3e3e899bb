package main

import "time"

// effort says how long to measure.
type effort struct {
	name       string
	rounds     int           // of every comparison, its contestants by turns
	sealRounds int           // of the seal table: many short ones, as the clock rate varies
	seals      int           // operations in a round of the seal table
	spell      time.Duration // of one engine, in a round of the engine table
	roundTrips int           // answers to blocked readers in a round
	blocked    int           // reads that block at once
	benchTime  time.Duration // of one of Go's benchmarks, in a round
	reshares   int           // of a thousand secrets each
	applies    int           // rounds of the provider table
	managed    int           // policies that Terraform manages in each
}

var (
	full  = effort{name: "full", rounds: 9, sealRounds: 60, seals: 25, spell: 3 * time.Second, roundTrips: 60, blocked: 10_000, benchTime: 100 * time.Millisecond, reshares: 3, applies: 2, managed: 1_000}
	brief = effort{name: "quick", rounds: 3, sealRounds: 12, seals: 25, spell: time.Second, roundTrips: 15, blocked: 1_000, benchTime: 50 * time.Millisecond, reshares: 1, applies: 1, managed: 200}
)
