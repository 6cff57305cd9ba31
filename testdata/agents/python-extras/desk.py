"""An order desk: hands letters to a Celery worker, talks over a websocket, answers GraphQL."""

import os
import signal
import sys

import fastapi
import strawberry
import strawberry.fastapi
import uvicorn

import letters


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str) -> str:
        return f"hello {name}"

    @strawberry.field
    def broken(self) -> str:
        raise ValueError("no such thing")


app = fastapi.FastAPI()
app.include_router(strawberry.fastapi.GraphQLRouter(strawberry.Schema(Query)), prefix="/graphql")


@app.get("/order/{number}")
def order(number: int):
    return {"letter": letters.send.delay(number).id}


@app.get("/lost/{number}")
def lost(number: int):
    return {"letter": letters.lose.delay(number).id}


@app.websocket("/ws/{room}")
async def talk(socket: fastapi.WebSocket, room: int):
    await socket.accept()
    for _ in range(3):
        await socket.send_text(await socket.receive_text())
    await socket.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["DESK_PORT"]), access_log=False)
