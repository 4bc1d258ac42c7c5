"""All measurements, with the machine they were made on: `make bench`. Some minutes."""

from bench import curves, fold, machine, memory, replay, restart

if __name__ == "__main__":
    print(machine.describe())
    for measured in (fold, curves, memory, restart, replay):
        print(f"\n{(measured.__doc__ or '').splitlines()[0]}")
        measured.report()
