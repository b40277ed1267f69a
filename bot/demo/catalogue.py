"""What the demo shop Corner Leaf sells: forty things a coffee and tea shop has, in cents."""

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

PRODUCTS = tuple(
    Product(sku, name, category, price_minor)
    for category, products in _BY_CATEGORY.items()
    for sku, name, price_minor in products
)
BY_SKU = {product.sku: product for product in PRODUCTS}
DRINKS = tuple(product.sku for product in PRODUCTS if product.category in ("coffee", "tea", "cold"))
FOOD = tuple(product.sku for product in PRODUCTS if product.category == "bakery")
TO_TAKE_HOME = tuple(
    product.sku for product in PRODUCTS if product.category in ("beans and leaves", "at home")
)
GOES_WITH = {"FLT": "CRO", "CAP": "ALM", "AME": "CON", "CBR": "COO", "EGR": "SCO", "OOL": "MOO"}
"""What those who drink the one mostly eat with it; the rest is a matter of taste."""
