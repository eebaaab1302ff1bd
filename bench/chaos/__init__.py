"""`make chaos`: a rush for scarce places while processes are killed, and the books checked afterwards.

    python -m bench.chaos                 ATTEMPTS=2000 PLACES=300 KILLS=10 SEED=<number>
    CONTROL=1 python -m bench.chaos       without the sweeper: must fail, a hold stays stuck
    CLUSTER=1 python -m bench.chaos       three store nodes; SIGKILL and SIGSTOP of the primary

The exit code is 0 when all invariants hold, 1 when one is broken, 3 when a control run broke none.
"""
