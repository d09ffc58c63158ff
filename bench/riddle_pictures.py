"""Pictures of docs/why-int8-fails.md, drawn with Pillow alone."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLOURS = np.array([[24, 24, 32], [214, 69, 65], [66, 133, 201], [235, 190, 58], [72, 176, 92], [214, 118, 190],
                    [150, 150, 158], [142, 96, 60]], np.uint8)    # of the classes
INK, FAINT, WARM, COOL = (40, 40, 48), (205, 205, 212), (206, 76, 62), (70, 120, 180)


def save(image, file, colours=192):
    image.quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)


def font(size):
    return ImageFont.load_default(size)


def gallery(columns, file):
    """Columns (title, [picture]), a picture being RGB [height, width, 3] or classes [height, width]."""
    height, width = columns[0][1][0].shape[:2]
    gap, head, rows = 6, 22, len(columns[0][1])
    page = Image.new("RGB", (len(columns) * (width + gap) - gap, head + rows * (height + gap) - gap), "white")
    draw = ImageDraw.Draw(page)
    for c, (title, pictures) in enumerate(columns):
        draw.text((c * (width + gap), 3), title, INK, font(14))
        for r, picture in enumerate(pictures):
            pixels = picture if picture.ndim == 3 else COLOURS[picture]
            page.paste(Image.fromarray(pixels), (c * (width + gap), head + r * (height + gap)))
    save(page, file)


def bars(names, series, file, unit="dB", top=40):
    """Horizontal bars: `series` = [(title, [number of each name])], two of them."""
    line, left, width = 22, 130, 640
    page = Image.new("RGB", (left + width + 60, 34 + line * len(names) + 12), "white")
    draw = ImageDraw.Draw(page)
    x = left
    for (title, _), colour in zip(series, (COOL, WARM)):
        draw.rectangle((x, 9, x + 12, 21), colour)
        draw.text((x + 18, 7), title, INK, font(13))
        x += 300
    for step in range(0, top + 1, 10):
        at = left + width * step // top
        draw.line((at, 28, at, 34 + line * len(names)), FAINT)
        draw.text((at + 2, page.height - 14), f"{step} {unit}", INK, font(10))
    for i, name in enumerate(names):
        y = 34 + line * i
        draw.text((6, y + 2), name, INK, font(12))
        for s, (_, numbers) in enumerate(series):
            length = width * min(max(numbers[i], 0), top) / top
            draw.rectangle((left, y + 1 + 9 * s, left + max(1, length), y + 8 + 9 * s), (COOL, WARM)[s])
            draw.text((left + length + 4, y - 1 + 9 * s), f"{numbers[i]:.1f}", INK, font(9))
    save(page, file, 32)


def histograms(parts, file):
    """Counts by integer 0 … 255, on a logarithmic scale, one above the other: [(title, counts [256])]."""
    height, left, each = 130, 40, 3
    page = Image.new("RGB", (left + 256 * each + 10, len(parts) * (height + 44)), "white")
    draw = ImageDraw.Draw(page)
    top = max(np.log10(1 + counts.max()) for _, counts in parts)
    for p, (title, counts) in enumerate(parts):
        base = p * (height + 44) + height + 24
        draw.text((left, base - height - 20), title, INK, font(13))
        for power in range(int(top) + 1):
            y = base - height * power / top
            draw.line((left, y, page.width - 10, y), FAINT)
            draw.text((4, y - 6), f"1e{power}", INK, font(10))
        for q, count in enumerate(counts):
            x = left + q * each
            draw.rectangle((x, base - height * np.log10(1 + count) / top, x + each - 1, base), (COOL, WARM)[p % 2])
        for q in range(0, 256, 32):
            draw.text((left + q * each, base + 3), str(q), INK, font(10))
    save(page, file, 32)
