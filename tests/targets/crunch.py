# SPDX-License-Identifier: MIT
"""Numbers in plain Python: a matrix product, primes, an n-body step. Used by the programs beside it; runs on Python 3.6+."""


def multiply(left, right):
    columns = list(zip(*right))
    return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in left]


def primes(limit):
    sieve = bytearray([1]) * (limit + 1)
    for number in range(2, int(limit ** 0.5) + 1):
        if sieve[number]:
            for multiple in range(number * number, limit + 1, number):
                sieve[multiple] = 0
    return sum(sieve) - 2


class Body:
    def __init__(self, rng):
        self.x, self.y, self.vx, self.vy, self.mass = (rng.random() for _ in range(5))

    def pull(self, other):
        dx, dy = other.x - self.x, other.y - self.y
        distance = (dx * dx + dy * dy + 0.01) ** 1.5
        self.vx += other.mass * dx / distance * 0.001
        self.vy += other.mass * dy / distance * 0.001

    def move(self):
        self.x += self.vx * 0.001
        self.y += self.vy * 0.001


def step(bodies):
    for body in bodies:
        for other in bodies:
            if other is not body:
                body.pull(other)
    for body in bodies:
        body.move()
