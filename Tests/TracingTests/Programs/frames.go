// SPDX-License-Identifier: Apache-2.0

// Answers, for each address that it is told, how its own runtime names what is there.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		pc, err := strconv.ParseUint(strings.TrimSpace(lines.Text()), 16, 64)
		if err != nil {
			panic(err)
		}
		// The runtime takes what a call returns to, and looks one byte before it.
		frames := runtime.CallersFrames([]uintptr{uintptr(pc) + 1})
		var names []string
		for {
			frame, more := frames.Next()
			if frame.Function != "" && uint64(frame.Entry) <= pc {
				names = append(names, fmt.Sprintf("%s %s:%d", frame.Function, frame.File, frame.Line))
			}
			if !more {
				break
			}
		}
		fmt.Println(strings.Join(names, "\t"))
	}
}
