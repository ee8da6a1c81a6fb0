"""Fixtures for pytest: a lab for the session, and a machine for each test.

LAB is the program, by default "lab" of the PATH (go build -o lab).
"""
import json
import os
import subprocess
import urllib.request

import pytest


class Lab:
    def __init__(self, api):
        self.api = api

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture(scope="session")
def lab():
    command = [os.environ.get("LAB", "lab"), "-listen", "127.0.0.1:0", "-exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Lab(json.loads(process.stdout.readline())["api"])
        process.stdin.close()


@pytest.fixture
def machine(lab):
    def make(windows, *fronts):
        host = lab.call("POST", "/api/hosts", {"name": "box", "windows": windows, "fronts": fronts})
        return [front["listen"].rsplit(":", 1) for front in host["fronts"]]

    yield make
    lab.call("DELETE", "/api/hosts/box")
