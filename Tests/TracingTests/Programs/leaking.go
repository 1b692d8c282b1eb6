// SPDX-License-Identifier: Apache-2.0

// A server with a handler that closes (d) and one that does not (u), on one way through the
// program. Says its port. The first byte of a connection chooses.
package main

import (
	"fmt"
	"io"
	"net"
)

var kept = make(chan net.Conn, 1<<20)

func readAll(connection net.Conn) {
	io.Copy(io.Discard, connection)
}

func handleUpload(connection net.Conn) {
	readAll(connection)
	kept <- connection
}

func handleDownload(connection net.Conn) {
	readAll(connection)
	connection.Close()
}

func handle(connection net.Conn) {
	letter := make([]byte, 1)
	connection.Read(letter)
	if letter[0] == 'u' {
		handleUpload(connection)
	} else {
		handleDownload(connection)
	}
}

func main() {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		if err == nil {
			go handle(connection)
		}
	}
}
