#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Photographs a starry sky that never was, with nothing but the standard library.

Something to point a profiler at: a few seconds of honest work, split over functions whose names say what they do.
Each phase of the picture takes its own share of the time, and `--report-shares FILE` writes those shares as the
program's own CPU clock saw them, so that a profile can be checked against them.

    python3 stars.py                      writes stars.png
    python3 stars.py --stars 80000 -o night.ppm
    python3 stars.py --seconds 30         keeps the shutter open longer: more exposures, a smoother picture
"""

import argparse
import json
import math
import os
import random
import struct
import sys
import time
import zlib
from array import array

WIDTH, HEIGHT = 800, 450
STARS_PER_EXPOSURE = 2000


# --- colour: the light of a glowing body, as an eye sees it -----------------------------------------------------------

def planck_radiance(wavelength_nm, kelvin):
    """Spectral radiance of a black body, up to a constant factor."""
    wavelength = wavelength_nm * 1e-9
    return wavelength ** -5 / (math.exp(1.4387769e-2 / (wavelength * kelvin)) - 1)


def lobe(x, centre, left, right):
    """A Gaussian with two widths: the shape of a cone's sensitivity."""
    width = left if x < centre else right
    return math.exp(-0.5 * ((x - centre) / width) ** 2)


def eye_response(wavelength_nm):
    """The CIE 1931 observer (X, Y, Z), approximated by sums of lobes."""
    x = (1.056 * lobe(wavelength_nm, 599.8, 37.9, 31.0) + 0.362 * lobe(wavelength_nm, 442.0, 16.0, 26.7)
         - 0.065 * lobe(wavelength_nm, 501.1, 20.4, 26.2))
    y = 0.821 * lobe(wavelength_nm, 568.8, 46.9, 40.5) + 0.286 * lobe(wavelength_nm, 530.9, 16.3, 31.1)
    z = 1.217 * lobe(wavelength_nm, 437.0, 11.8, 36.0) + 0.681 * lobe(wavelength_nm, 459.0, 26.0, 13.8)
    return x, y, z


def xyz_to_linear_rgb(x, y, z):
    return (3.2406 * x - 1.5372 * y - 0.4986 * z,
            -0.9689 * x + 1.8758 * y + 0.0415 * z,
            0.0557 * x - 0.2040 * y + 1.0570 * z)


def black_body_colour(kelvin):
    """Linear RGB of a star's surface; its brightest part is 1."""
    spectrum = [(planck_radiance(nm, kelvin), eye_response(nm)) for nm in range(380, 781, 10)]
    xyz = [sum(light * eye[axis] for light, eye in spectrum) for axis in range(3)]
    rgb = [max(part, 0.0) for part in xyz_to_linear_rgb(*xyz)]
    brightest = max(rgb)
    return tuple(part / brightest for part in rgb)


class ColourTable:
    """Star colours by temperature, worked out once each."""

    STEP = 50

    def __init__(self):
        self.known = {}

    def __getitem__(self, kelvin):
        rounded = int(kelvin // self.STEP) * self.STEP
        if rounded not in self.known:
            self.known[rounded] = black_body_colour(rounded)
        return self.known[rounded]


# --- the sky: noise, and a band of it ---------------------------------------------------------------------------------

def fade(t):
    return t * t * t * (t * (t * 6 - 15) + 10)


class ValueNoise:
    """Smooth random hills on a lattice that repeats."""

    SIZE = 64

    def __init__(self, rng):
        self.heights = [rng.random() for _ in range(self.SIZE * self.SIZE)]

    def at(self, x, y):
        column, row = int(x // 1), int(y // 1)
        across, down = fade(x - column), fade(y - row)
        mask = self.SIZE - 1
        left, right = column & mask, (column + 1) & mask
        upper, lower = (row & mask) * self.SIZE, ((row + 1) & mask) * self.SIZE
        heights = self.heights
        top = heights[upper + left] + across * (heights[upper + right] - heights[upper + left])
        bottom = heights[lower + left] + across * (heights[lower + right] - heights[lower + left])
        return top + down * (bottom - top)


class FractalClouds:
    """Hills upon hills: each octave is half as high and twice as fine."""

    def __init__(self, rng, octaves):
        self.layers = [(ValueNoise(rng), 2.0 ** octave, 0.5 ** (octave + 1)) for octave in range(octaves)]

    def density(self, x, y):
        return sum(weight * noise.at(x * scale, y * scale) for noise, scale, weight in self.layers)


class MilkyWay:
    """A glowing band across the picture with lanes of dust in its middle."""

    TILT = 0.42

    def __init__(self, rng):
        self.glow = FractalClouds(rng, 4)
        self.dust = FractalClouds(rng, 5)
        self.slope = math.tan(self.TILT)

    def distance(self, u, v):
        """How far a point is off the band's centre line, in band widths."""
        return (v - 0.5 - self.slope * (u - 0.5)) / 0.16

    def brightness(self, u, v):
        offset = self.distance(u, v)
        band = math.exp(-0.5 * offset * offset)
        if band < 0.01:
            return 0.0
        clouds = self.glow.density(7 * u, 4 * v)
        inner = smooth_step(0.0, 1.0, 1.6 - abs(offset))
        if inner <= 0:
            return band * clouds
        lanes = self.dust.density(9 * u + 3, 6 * v)
        return band * clouds * (1.0 - 0.85 * inner * smooth_step(0.40, 0.72, lanes))

    def star_density(self, u, v):
        return 0.12 + math.exp(-0.5 * self.distance(u, v) ** 2)


def smooth_step(low, high, value):
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


# --- stars ------------------------------------------------------------------------------------------------------------

class Star:
    __slots__ = ("x", "y", "flux", "colour")

    def __init__(self, x, y, flux, colour):
        self.x, self.y, self.flux, self.colour = x, y, flux, colour


class StarCatalogue:
    """Draws stars: more of them in the band, few bright ones, cool ones more often than hot ones."""

    def __init__(self, rng, galaxy, colours):
        self.rng, self.galaxy, self.colours = rng, galaxy, colours

    def draw_position(self):
        while True:
            u, v = self.rng.random(), self.rng.random()
            if self.rng.random() * 1.12 < self.galaxy.star_density(u, v):
                return u, v

    def draw_flux(self):
        return 0.012 * (1.0 - self.rng.random()) ** -0.74

    def draw_temperature(self):
        return min(2600 + self.rng.expovariate(1 / 3200.0), 24000)

    def draw(self, count):
        for _ in range(count):
            u, v = self.draw_position()
            colour = self.colours[self.draw_temperature()]
            yield Star(u * WIDTH, v * HEIGHT, min(self.draw_flux(), 40.0), colour)


# --- the camera -------------------------------------------------------------------------------------------------------

class Film:
    """Light gathered so far: three planes of numbers, row by row."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.planes = [array("d", bytes(8 * width * height)) for _ in range(3)]

    def add_light(self, index, amount, colour):
        for plane, part in zip(self.planes, colour):
            plane[index] += amount * part


class Lens:
    """Spreads a point of light as air and glass do (a Moffat profile), with spikes for the brightest."""

    SOFTNESS = 0.75

    def reach(self, flux):
        return min(2 + int(2.2 * flux ** 0.5), 14)

    def spread(self, distance_squared):
        return (1.0 + distance_squared / self.SOFTNESS) ** -2.4

    def image_star(self, film, star):
        reach = self.reach(star.flux)
        column, row = int(star.x), int(star.y)
        for y in range(max(row - reach, 0), min(row + reach + 1, film.height)):
            down = (y + 0.5 - star.y) ** 2
            for x in range(max(column - reach, 0), min(column + reach + 1, film.width)):
                amount = star.flux * self.spread((x + 0.5 - star.x) ** 2 + down)
                film.add_light(y * film.width + x, amount, star.colour)
        if star.flux > 6:
            self.image_spikes(film, star)

    def image_spikes(self, film, star):
        length = int(6 * star.flux ** 0.5)
        for step in range(-length, length + 1):
            amount = 0.10 * star.flux * (1 - abs(step) / (length + 1)) ** 3
            for x, y in ((star.x + step, star.y), (star.x, star.y + step)):
                if 0 <= x < film.width and 0 <= y < film.height:
                    film.add_light(int(y) * film.width + int(x), amount, star.colour)


def paint_night_glow(film):
    """The sky itself: darker overhead, a little green near the ground."""
    for y in range(film.height):
        low = y / film.height
        glow = 0.003 + 0.012 * low ** 3
        for x in range(film.width):
            film.add_light(y * film.width + x, glow, (0.30, 0.42 + 0.12 * low, 0.62))


def paint_milky_way(film, galaxy):
    """The band, worked out on every second point and shared with its neighbours."""
    warm, cold = (1.0, 0.82, 0.64), (0.70, 0.82, 1.0)
    for y in range(0, film.height, 2):
        for x in range(0, film.width, 2):
            light = galaxy.brightness(x / film.width, y / film.height)
            if light <= 0:
                continue
            heat = smooth_step(0.12, 0.45, light)
            colour = tuple(c + heat * (w - c) for w, c in zip(warm, cold))
            for index in block_of_points(film, x, y):
                film.add_light(index, 0.16 * light ** 1.5, colour)


def block_of_points(film, x, y):
    return [row * film.width + column
            for row in (y, y + 1) if row < film.height
            for column in (x, x + 1) if column < film.width]


def expose_stars(film, lens, catalogue, count):
    for star in catalogue.draw(count):
        lens.image_star(film, star)


# --- the dark room ----------------------------------------------------------------------------------------------------

def box_blur(line, radius):
    """Sliding mean of a list of numbers."""
    padded = [line[0]] * radius + list(line) + [line[-1]] * radius
    span = 2 * radius + 1
    total = sum(padded[:span])
    result = [total / span]
    for leaving, entering in zip(padded, padded[span:]):
        total += entering - leaving
        result.append(total / span)
    return result


def blur_rows(plane, width, height, radius):
    for y in range(height):
        plane[y * width:(y + 1) * width] = array("d", box_blur(plane[y * width:(y + 1) * width], radius))


def blur_columns(plane, width, height, radius):
    for x in range(width):
        plane[x::width] = array("d", box_blur(plane[x::width], radius))


def bloom(film):
    """Bright light bleeds into its surroundings."""
    for plane in film.planes:
        halo = array("d", (max(value - 0.8, 0.0) for value in plane))
        for radius in (3, 5):
            blur_rows(halo, film.width, film.height, radius)
            blur_columns(halo, film.width, film.height, radius)
        for index, value in enumerate(halo):
            plane[index] += 0.5 * value


def stretch(value):
    """Astronomers' curve: faint things linear, bright things tamed, nothing over 1."""
    return min(math.asinh(9.0 * value) / 3.7, 1.0)


def gamma_encode(value):
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def develop(film):
    """Film to rows of bytes."""
    curve = [int(255 * gamma_encode(stretch(step / 4096)) + 0.5) for step in range(9217)]
    for y in range(film.height):
        row = bytearray()
        for x in range(y * film.width, (y + 1) * film.width):
            for plane in film.planes:
                row.append(curve[min(int(4096 * plane[x]), 9216)])
        yield bytes(row)


# --- the file ---------------------------------------------------------------------------------------------------------

def paeth_guess(left, above, corner):
    estimate = left + above - corner
    to_left, to_above, to_corner = abs(estimate - left), abs(estimate - above), abs(estimate - corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner


def filter_row(row, above):
    """PNG's Paeth filter: each byte as its difference from a guess."""
    filtered = bytearray([4])
    for i, value in enumerate(row):
        left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
        filtered.append((value - paeth_guess(left, above[i], corner)) & 255)
    return bytes(filtered)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) & 0xffffffff)


def encode_png(rows, width, height):
    above = bytes(3 * width)
    filtered = []
    for row in rows:
        filtered.append(filter_row(row, above))
        above = row
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + png_chunk(b"IDAT", zlib.compress(b"".join(filtered), 9)) + png_chunk(b"IEND", b""))


def encode_ppm(rows, width, height):
    return b"P6\n%d %d\n255\n" % (width, height) + b"".join(rows)


def save_picture(film, path):
    rows = list(develop(film))
    encode = encode_ppm if path.endswith(".ppm") else encode_png
    with open(path, "wb") as file:
        file.write(encode(rows, film.width, film.height))


# --- the night --------------------------------------------------------------------------------------------------------

class PhaseClock:
    """CPU time each phase took, by the name of the function that did it."""

    def __init__(self):
        self.spent = {}

    def run(self, phase, *arguments):
        begin = time.process_time()
        result = phase(*arguments)
        self.spent[phase.__name__] = self.spent.get(phase.__name__, 0.0) + time.process_time() - begin
        return result

    def total(self):
        return sum(self.spent.values())

    def shares(self):
        total = self.total() or 1.0
        return {name: spent / total for name, spent in self.spent.items()}


def photograph(options, clock):
    rng = random.Random(options.seed)
    film = Film(WIDTH, HEIGHT)
    lens = Lens()
    galaxy = MilkyWay(rng)
    catalogue = StarCatalogue(rng, galaxy, ColourTable())
    clock.run(paint_night_glow, film)
    clock.run(paint_milky_way, film, galaxy)
    stars = 0
    while stars < options.stars or clock.total() < options.seconds:
        batch = STARS_PER_EXPOSURE if options.stars <= stars else min(STARS_PER_EXPOSURE, options.stars - stars)
        clock.run(expose_stars, film, lens, catalogue, batch)
        stars += batch
    clock.run(bloom, film)
    clock.run(save_picture, film, options.output)
    return stars


def parse_arguments():
    parser = argparse.ArgumentParser(description="Photographs a starry sky that never was.")
    parser.add_argument("-o", "--output", default="stars.png", help="picture to write, .png or .ppm (default stars.png)")
    parser.add_argument("--stars", type=int, default=30000, help="how many stars to expose at least (default 30000)")
    parser.add_argument("--seconds", type=float, default=0.0, help="CPU seconds to spend at least")
    parser.add_argument("--seed", type=int, default=7, help="another number, another sky (default 7)")
    parser.add_argument("--report-shares", metavar="FILE", help="write each phase's share of the CPU time as JSON")
    return parser.parse_args()


def main():
    options = parse_arguments()
    clock = PhaseClock()
    stars = photograph(options, clock)
    if options.report_shares:
        with open(options.report_shares, "w") as file:
            json.dump(clock.shares(), file, indent=2, sort_keys=True)
            file.write("\n")
    print("{} stars in {:.1f} s of CPU time: {}".format(stars, clock.total(), os.path.abspath(options.output)))


if __name__ == "__main__":
    sys.exit(main())
