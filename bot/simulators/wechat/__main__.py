"""`python -m bot.simulators.wechat --port 8001 --target http://127.0.0.1:8000`"""

from __future__ import annotations

import os

import click
import uvicorn

from bot.simulators.wechat.app import accounts_from, create, only_loopback
from bot.simulators.wechat.world import World


@click.command(help="A stand-in for WeChat on this machine, for trying the desk. It never leaves loopback.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True)
@click.option("--target", default="http://127.0.0.1:8000", show_default=True, help="The desk that pushes go to.")
def main(host: str, port: int, target: str) -> None:
    try:
        only_loopback(host)
        app = create(World(accounts_from(os.environ)), target)
    except ValueError as refused:
        raise click.UsageError(str(refused)) from None
    click.echo(f"WeChat stand-in: http://{host}:{port}/")
    uvicorn.run(app, host=host, port=port, log_level="warning")


if __name__ == "__main__":
    main()
