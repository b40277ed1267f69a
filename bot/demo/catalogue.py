"""What the demo shop Corner Leaf sells: what a coffee and tea shop has, in cents, some of it in two sizes."""

from dataclasses import replace

from bot.core.contact import Product

_BY_CATEGORY: dict[str, tuple[tuple[str, str, int], ...]] = {
    "coffee": (
        ("ESP", "Espresso", 300),
        ("AME", "Americano", 360),
        ("FLT", "Flat White", 450),
        ("CAP", "Cappuccino", 450),
        ("LAT", "Latte", 480),
        ("OAT", "Oat Latte", 540),
        ("MOC", "Mocha", 550),
        ("COR", "Cortado", 420),
        ("POU", "Pour Over", 520),
        ("DRP", "House Drip Coffee", 320),
        ("DCF", "Decaf Latte", 490),
    ),
    "tea": (
        ("EGR", "Earl Grey", 380),
        ("SEN", "Sencha", 420),
        ("JAS", "Jasmine Pearls", 460),
        ("OOL", "Tie Guan Yin Oolong", 520),
        ("PUE", "Aged Pu-erh", 560),
        ("CHA", "Masala Chai", 480),
        ("MTL", "Matcha Latte", 590),
        ("MNT", "Fresh Mint Tea", 400),
        ("ROO", "Rooibos", 380),
    ),
    "cold": (
        ("CBR", "Cold Brew", 480),
        ("ICL", "Iced Latte", 520),
        ("BUB", "Black Milk Tea with Pearls", 620),
        ("ITL", "Iced Peach Tea", 460),
        ("LEM", "Ginger Lemonade", 450),
    ),
    "bakery": (
        ("CRO", "Butter Croissant", 390),
        ("ALM", "Almond Croissant", 460),
        ("CON", "Concha", 320),
        ("SCO", "Cheddar Scone", 420),
        ("BAN", "Banana Bread", 410),
        ("COO", "Sea Salt Cookie", 350),
        ("MOO", "Egg Custard Tart", 360),
    ),
    "beans and leaves": (
        ("HB2", "House Beans 250 g", 1400),
        ("HB1", "House Beans 1 kg", 4600),
        ("OX2", "Oaxaca Beans 250 g", 1700),
        ("YC2", "Yirgacheffe Beans 250 g", 1800),
        ("SEL", "Sencha Leaves 100 g", 1600),
        ("EGL", "Earl Grey Leaves 100 g", 1300),
    ),
    "at home": (
        ("DRI", "Ceramic Dripper", 2400),
        ("MUG", "Corner Leaf Mug", 1600),
    ),
}

_CUPS = ("AME", "FLT", "CAP", "LAT", "OAT", "MOC", "CHA", "MTL", "CBR", "ICL", "BUB", "ITL")
"""Drinks that there is a large cup of."""
_MORE_FOR_LARGE = 90
_WEIGHTS = {"HB2": ("house beans", "250 g"), "HB1": ("house beans", "1 kg")}


_PICTURES = {"beans and leaves": "beans", "at home": "home"}
"""Whose picture is not called as its category is."""


def _sized(product: Product) -> Product:
    """A product with its picture and the size it is of, where there are others."""
    picture = _PICTURES.get(product.category, product.category)
    product = replace(product, photo=f"/demo/static/pictures/{picture}.svg")
    family, size = _WEIGHTS.get(product.sku, ("", ""))
    if product.sku in _CUPS:
        family, size = product.name.lower(), "12 oz"
    return replace(product, family=family, size=size)


def _large(product: Product) -> Product:
    """The large cup of a drink."""
    return replace(
        product,
        sku=f"{product.sku}-L",
        name=f"Large {product.name}",
        price_minor=product.price_minor + _MORE_FOR_LARGE,
        size="16 oz",
    )


_ALL = tuple(
    _sized(Product(sku, name, category, price_minor))
    for category, products in _BY_CATEGORY.items()
    for sku, name, price_minor in products
)
PRODUCTS = (*_ALL, *(_large(product) for product in _ALL if product.sku in _CUPS))
BY_SKU = {product.sku: product for product in PRODUCTS}
# What members of the demo lived on is of the forty: with more to choose from they would have other lives.
DRINKS = tuple(product.sku for product in _ALL if product.category in ("coffee", "tea", "cold"))
FOOD = tuple(product.sku for product in _ALL if product.category == "bakery")
TO_TAKE_HOME = tuple(product.sku for product in _ALL if product.category in ("beans and leaves", "at home"))
UNITS_LEFT = {"MUG": 3, "DRI": 0}
"""What is nearly gone, and what is; the rest nobody counts."""
GOES_WITH = {"FLT": "CRO", "CAP": "ALM", "AME": "CON", "CBR": "COO", "EGR": "SCO", "OOL": "MOO"}
"""What those who drink the one mostly eat with it; the rest is a matter of taste."""
