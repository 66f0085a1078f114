%% Numbers from eight processes to one.
-mode(compile).

main(_) ->
    Main = self(),
    numbers(Main, 40000),
    Start = erlang:monotonic_time(nanosecond),
    numbers(Main, 400000),
    io:format("message\t~p\tns~n", [(erlang:monotonic_time(nanosecond) - Start) / 400000]).

numbers(Main, Count) ->
    [spawn(fun() -> [Main ! I || I <- lists:seq(1, Count div 8)] end) || _ <- lists:seq(1, 8)],
    receive_all(Count).

receive_all(0) -> ok;
receive_all(Count) ->
    receive _ -> ok end,
    receive_all(Count - 1).
