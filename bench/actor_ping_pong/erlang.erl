%% A number that goes to and fro between two processes.
-mode(compile).

main(_) ->
    Main = self(),
    Peer = spawn(fun() -> echo(Main) end),
    round_trips(Peer, 30000),
    Start = erlang:monotonic_time(nanosecond),
    round_trips(Peer, 300000),
    io:format("two threads\t~p\tns~n", [(erlang:monotonic_time(nanosecond) - Start) / 300000]).

echo(Main) ->
    receive N -> Main ! N end,
    echo(Main).

round_trips(_, 0) -> ok;
round_trips(Peer, N) ->
    Peer ! N,
    receive N -> ok end,
    round_trips(Peer, N - 1).
