// SPDX-License-Identifier: Apache-2.0

// go test: names each test to closewatch run. Does nothing without it. A test begins with
// nameTest(t), and so do its subtests.
package main

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// Parallel tests of one process speak at the same time, each from a place of its own.
var speakers atomic.Int64

func say(words string) {
	place := os.Getenv("CLOSEWATCH_RUN")
	if place == "" {
		return
	}
	name := fmt.Sprintf("@closewatch-%d-%d", os.Getpid(), speakers.Add(1))
	own := &net.UnixAddr{Net: "unixgram", Name: name}
	speaker, err := net.DialUnix("unixgram", own, &net.UnixAddr{Net: "unixgram", Name: place})
	if err != nil {
		panic(err)
	}
	defer speaker.Close()
	speaker.SetDeadline(time.Now().Add(30 * time.Second))
	speaker.Write([]byte(words))
	speaker.Read(make([]byte, 16))
}

func nameTest(t *testing.T) { say("test " + t.Name()) }

func TestMain(m *testing.M) {
	status := m.Run()
	say("end")
	os.Exit(status)
}
