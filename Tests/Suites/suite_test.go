// SPDX-License-Identifier: Apache-2.0
package main

import (
	"net"
	"os"
	"testing"
)

var kept []net.Conn

func connect(t *testing.T, leaks bool) {
	nameTest(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if leaks {
		kept = append(kept, server)
	} else {
		server.Close()
	}
}

func TestBefore(t *testing.T)  { connect(t, false) }
func TestPlanted(t *testing.T) { connect(t, os.Getenv("LEAK") == "1") }
func TestAfter(t *testing.T)   { connect(t, false) }
