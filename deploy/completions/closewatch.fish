function __closewatch_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __closewatch_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __closewatch_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __closewatch_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __closewatch_parse_tokens -S
    set -l unparsed_tokens (__closewatch_tokens -pc)
    switch $unparsed_tokens[1]
    case 'closewatch'
        __closewatch_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'triage'
            __closewatch_parse_subcommand 1 'for=' 'interval=' 'patience=+' 'disable=+' 'v/verbose' 'format=' 'record=' 'stacks' 'no-redact' 'no-daemon' 'control-socket=' 'netns=' 'source=' 'replay=' 'json' 'color=' 'version' 'h/help'
        case 'top'
            __closewatch_parse_subcommand 0 'interval=' 'patience=' 'no-daemon' 'control-socket=' 'color=' 'netns=' 'source=' 'replay=' 'version' 'h/help'
        case 'sockets'
            __closewatch_parse_subcommand 0 'state=+' 'pid=' 'unit=' 'port=' 'remote=' 'min-age=' 'unowned' 'dead' 'by=' 'watch' 'interval=' 'no-header' 'wide' 'netns=' 'source=' 'replay=' 'json' 'color=' 'version' 'h/help'
        case 'history'
            __closewatch_parse_subcommand 0 'since=' 'until=' 'unit=' 'rule=' 'directory=' 'file=' 'json' 'color=' 'version' 'h/help'
        case 'trace'
            __closewatch_parse_subcommand 1 'replay=' 'for=' 'opener' 'use-jcmd' 'use-inspector' 'json' 'color=' 'version' 'h/help'
        case 'run'
            __closewatch_parse_subcommand -r 1 'strict' 'grace=' 'allow=+' 'netns' 'exit-stop' 'trace' 'junit=' 'json=' 'sarif=' 'version' 'h/help'
        case 'release'
            __closewatch_parse_subcommand 1 'older-than=' 'port=' 'limit=' 'netns=' 'shared' 'yes' 'color=' 'version' 'h/help'
        case 'explain'
            __closewatch_parse_subcommand -r 1 'runtime=' 'cause=' 'for=' 'direction=' 'json' 'color=' 'version' 'h/help'
        case 'doctor'
            __closewatch_parse_subcommand 0 'control-socket=' 'json' 'color=' 'version' 'h/help'
        case 'record'
            __closewatch_parse_subcommand 1 'for=' 'interval=' 'trace=' 'no-redact' 'netns=' 'source=' 'replay=' 'version' 'h/help'
        case 'daemon'
            __closewatch_parse_subcommand 0 'settings=' 'set=+' 'interval=' 'control-socket=' 'web.listen-address=+' 'web.config.file=' 'web.systemd-socket' 'web.allowed-hosts=+' 'version' 'h/help'
        case 'check-settings'
            __closewatch_parse_subcommand 1 'print' 'version' 'h/help'
        case 'demo'
            __closewatch_parse_subcommand 0 'for=' 'color=' 'version' 'h/help'
        case 'help'
            __closewatch_parse_subcommand -r 1 'version'
        end
    end
end

function __closewatch_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __closewatch_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __closewatch_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __closewatch_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__closewatch_tokens -p)
    if test -z "$(__closewatch_tokens -t)"
        set -l index (count (__closewatch_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'closewatch' -f
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'triage' -d 'Looks for leaked sockets and says who, why, how fast, and what to do.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'top' -d 'Shows live who holds stuck sockets, down to a single one.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'sockets' -d 'Lists TCP sockets with state, age and every process that holds them.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'history' -d 'Shows when findings began, got worse and ended, from the journal.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'trace' -d 'Watches a process and names the code that leaves its sockets open.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'run' -d 'Runs a command, such as a test suite, and fails when it leaves sockets open.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'release' -d 'Aborts old CLOSE_WAIT connections of one process, after asking.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'explain' -d 'Explains a finding, a TCP state, a kernel setting, an error, or a pasted line.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'doctor' -d 'Says what closewatch can and can\'t see on this host, and how to fix it.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'record' -d 'Records what the sampler reads, for a bug report or a test.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'daemon' -d 'Watches this host and reports leaked sockets as they are confirmed.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'check-settings' -d 'Checks a settings file, and says what is wrong and where.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'demo' -d 'Plants a small real leak in a namespace of its own, and shows the finding.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_positional "closewatch" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" for' -l 'for' -d 'Watch for this long before judging: 30s, 2m.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" interval' -l 'interval' -d 'Time between two looks (default: 1s; of a replay, what was recorded).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage"' -l 'patience' -d 'How long a socket must sit in its state before it counts as stuck; RULE=TIME for one rule alone. Can be repeated.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage"' -l 'disable' -d 'Switch this rule off. Can be repeated.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" v verbose' -l 'verbose' -s 'v' -d 'Show every finding in full. Without it: the worst one, cut to fit a screen.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" format' -l 'format' -d 'Output format: text, json (as --json) or markdown.' -rfka 'text json markdown'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" record' -l 'record' -d 'Also write the looks that are judged into this new directory: a replay of it gives the same answer.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" stacks' -l 'stacks' -d 'Also say what the threads of the target are doing now: each is stopped in turn, for at most 1 s in all. Needs root. In JSON each process is one more object, on a line of its own.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" no-redact' -l 'no-redact' -d 'Keep real addresses, users, paths, arguments.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" no-daemon' -l 'no-daemon' -d 'Do not ask the daemon: look now.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" control-socket' -l 'control-socket' -d 'Where the daemon answers (default: /run/closewatch/control.sock).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" netns' -l 'netns' -d 'Only this network namespace: a name under /run/netns, a pid, or a path.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" source' -l 'source' -d 'Where to read the socket tables: auto, netlink or proc.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" replay' -l 'replay' -d 'Look at a recording instead of this machine.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" json' -l 'json' -d 'Write one JSON object instead of text.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch triage" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" interval' -l 'interval' -d 'Time between two looks.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" patience' -l 'patience' -d 'How long a socket must wait to be closed before it counts as stuck.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" no-daemon' -l 'no-daemon' -d 'Do not ask the daemon: look now.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" control-socket' -l 'control-socket' -d 'Where the daemon answers (default: /run/closewatch/control.sock).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" netns' -l 'netns' -d 'Only this network namespace: a name under /run/netns, a pid, or a path.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" source' -l 'source' -d 'Where to read the socket tables: auto, netlink or proc.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" replay' -l 'replay' -d 'Look at a recording instead of this machine.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch top" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets"' -l 'state' -d 'Only these states, in any spelling, separated by commas. Can be repeated.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" pid' -l 'pid' -d 'Only sockets of this process, or that wait for its listener.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" unit' -l 'unit' -d 'Only sockets of this systemd unit.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" port' -l 'port' -d 'Only these local ports: 80,443,8000-8100. For the peer\'s: --remote :443.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" remote' -l 'remote' -d 'Only sockets to ADDRESS, ADDRESS:PORT, [IPV6]:PORT or :PORT; PORT may be a list as in --port.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" min-age' -l 'min-age' -d 'Only sockets in their state for this long.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" unowned' -l 'unowned' -d 'Only sockets for which no process was found.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" dead' -l 'dead' -d 'Only descriptors on dead sockets: those that no table shows any more.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" by' -l 'by' -d 'Count instead of list, largest first: by process, unit, peer (address), port (the local one of a listener, else the peer\'s) or state.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" watch' -l 'watch' -d 'Repeat until Ctrl-C; with --json one object per line.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" interval' -l 'interval' -d 'Time between two looks of --watch (default: 2s).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" no-header' -l 'no-header' -d 'Omit the header.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" wide' -l 'wide' -d 'One line per socket, however long.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" netns' -l 'netns' -d 'Only this network namespace: a name under /run/netns, a pid, or a path.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" source' -l 'source' -d 'Where to read the socket tables: auto, netlink or proc.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" replay' -l 'replay' -d 'Look at a recording instead of this machine.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" json' -l 'json' -d 'Write one JSON object instead of text.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch sockets" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" since' -l 'since' -d 'Only findings still active after this time (default: 24h).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" until' -l 'until' -d 'Only findings that began before this time.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" unit' -l 'unit' -d 'Only this systemd unit, or another owner by its name.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" rule' -l 'rule' -d 'Only findings of this rule.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" directory' -l 'directory' -d 'Read the journal files below this directory: a copy, or another machine\'s.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" file' -l 'file' -d 'Read only this journal file.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" json' -l 'json' -d 'Write one JSON object instead of text.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch history" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" replay' -l 'replay' -d 'Show the trace of a recording that was made with record --trace.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" for' -l 'for' -d 'Watch for this long: 30s, 2m.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" opener' -l 'opener' -d 'Also say where connections were accepted. While it watches, that makes every system call of this host about 0.1 us slower.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" use-jcmd' -l 'use-jcmd' -d 'For a JVM: have jcmd record its socket reads while it is watched, as its own calls are on no stack that the kernel knows. Only root and the JVM\'s user can read the recording, which is deleted afterwards.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" use-inspector' -l 'use-inspector' -d 'For Node: have it open its debugger (SIGUSR1) after the watch, ask who listens to its sockets, including those that were stuck before, and have it closed again. While it is open, every user of this host can debug the process.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" json' -l 'json' -d 'Write one JSON object instead of text.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch trace" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" strict' -l 'strict' -d 'Count every socket, even one that may belong to a client\'s pool.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" grace' -l 'grace' -d 'How long a socket may stay as it is (default: 2s).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run"' -l 'allow' -d 'What may be left: a process, a program, a test, or an end of a connection as ADDRESS:PORT; * and ? as in the shell. Can be repeated.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" netns' -l 'netns' -d 'Run it in a network namespace of its own, with a loopback only. Without root this is also a user namespace, in which sudo does not work.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" exit-stop' -l 'exit-stop' -d 'Stop each process at its exit, while its descriptors are open, and count every socket that it still holds in CLOSE_WAIT, or dead, however young. Uses ptrace: do not use it for suites that run sudo, gdb, strace or LeakSanitizer.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" trace' -l 'trace' -d 'Also say where in the code each socket was when its process last dealt with it. Needs root and a kernel that lets root trace with BPF (Linux 5.15 or newer); without, the command is not run, and the status is 2. While it runs, every system call of this host is about 0.1 us slower.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" junit' -l 'junit' -d 'Also write a report as JUnit XML.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" json' -l 'json' -d 'Also write a report as JSON.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" sarif' -l 'sarif' -d 'Also write a report as SARIF 2.1.0.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" older-than' -l 'older-than' -d 'Only sockets in CLOSE_WAIT for at least this long.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" port' -l 'port' -d 'Only this local port.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" limit' -l 'limit' -d 'Maximum number to release, oldest first.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" netns' -l 'netns' -d 'Only this network namespace: a name under /run/netns, a pid, or a path.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" shared' -l 'shared' -d 'Include sockets that other processes hold too.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" yes' -l 'yes' -d 'Do it without asking.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch release" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" runtime' -l 'runtime' -d 'Show the fixes for one runtime: go, jvm, python, node, ruby, php, ...' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" cause' -l 'cause' -d 'Only this cause of the finding.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" for' -l 'for' -d 'Show what the operator of one program can do: postgresql, nginx, php-fpm, redis, ...; installed stands for any other program that is not your own code.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" direction' -l 'direction' -d 'Only connections that came through a listener (inbound), or that the program opened itself (outbound).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" json' -l 'json' -d 'Write one JSON object instead of text.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch doctor" control-socket' -l 'control-socket' -d 'Where the daemon answers (default: /run/closewatch/control.sock).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch doctor" json' -l 'json' -d 'Write one JSON object instead of text.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch doctor" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch doctor" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch doctor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" for' -l 'for' -d 'How long to record, for example 30s. Without it: one look.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" interval' -l 'interval' -d 'Time between two looks.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" trace' -l 'trace' -d 'Also trace which code of a target leaves sockets open: read it with trace --replay.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" no-redact' -l 'no-redact' -d 'Keep real addresses, users, paths, arguments.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" netns' -l 'netns' -d 'Only this network namespace: a name under /run/netns, a pid, or a path.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" source' -l 'source' -d 'Where to read the socket tables: auto, netlink or proc.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" replay' -l 'replay' -d 'Look at a recording instead of this machine.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch record" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" settings' -l 'settings' -d 'The settings file (default: /etc/closewatch/closewatch.yaml, if it is there).' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon"' -l 'set' -d 'Override one setting: --set rules.patience=5m. Can be repeated.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" interval' -l 'interval' -d 'The same as --set sampling.interval=TIME.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" control-socket' -l 'control-socket' -d 'Where to answer closewatch triage and doctor (default: /run/closewatch/control.sock), or none. Root and the group closewatch may ask.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon"' -l 'web.listen-address' -d 'Where to serve metrics (default: 127.0.0.1:9776). Can be repeated. [::1]:9776, :9776 for every address, unix:/path?mode=0660, or none.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" web.config.file' -l 'web.config.file' -d 'TLS, users and headers, in the format of Prometheus\' exporter-toolkit. Read again when it changes.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" web.systemd-socket' -l 'web.systemd-socket' -d 'Serve on the sockets of a systemd socket unit instead.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon"' -l 'web.allowed-hosts' -d 'A name that the status page answers to, besides localhost, addresses and the host\'s own name. Can be repeated. Metrics answer to any name.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch daemon" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch check-settings" print' -l 'print' -d 'Print every key with its resulting value.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch check-settings" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch check-settings" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch demo" for' -l 'for' -d 'How long to watch.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch demo" color' -l 'color' -d 'Colour: auto (on a terminal, unless NO_COLOR is set), always or never.' -rfka ''
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch demo" version' -l 'version' -d 'Show the version.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch demo" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'closewatch' -n '__closewatch_should_offer_completions_for_flags_or_options "closewatch help" version' -l 'version' -d 'Show the version.'
