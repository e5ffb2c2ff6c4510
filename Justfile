# The commands of this project; `just` lists them. Without just, copy the command, or run `uvx --from rust-just just`.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Install the environment
setup:
    uv sync

# Train, analyse and render everything, or only the given targets: just run symmetry
run *targets:
    uv run snakemake --cores all "$@"

# A first look in some minutes: the same pipeline with few seeds
quick *targets:
    uv run snakemake --cores all --configfile config/quick.yaml -- "$@"

# The tests without those that run the pipeline; pytest options are passed on: just test -k plots
test *options:
    uv run pytest -m "not pipeline" "$@"

# All tests
test-all *options:
    uv run --extra slurm pytest -m "slow or not slow" "$@"

# The linters and the type checker
lint:
    uv run ruff check .
    uv run ruff format --check .
    uv run snakefmt --check Snakefile workflow
    uv run snakemake --lint
    uv run mypy

# Format the code, and fix what the linters can fix
format:
    uv run ruff check --fix .
    uv run ruff format .
    uv run snakefmt Snakefile workflow

# Write config/README.md and the schema of the configuration again, after a change of a protocol
docs:
    uv run backprop fields --write

# Delete all results and caches
[confirm("Delete results/ and all caches? (y/N)")]
clean:
    rm -rf results .snakemake .pytest_cache .mypy_cache .ruff_cache
