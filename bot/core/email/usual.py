"""The usual letter: what a text looks like as an email where its step names no template."""

USUAL = """\
<mjml>
  <mj-head>
    <mj-title>{{ subject }}</mj-title>
    <mj-preview>{{ preheader }}</mj-preview>
    <mj-attributes>
      <mj-all font-family="{{ brand.font }}" />
      <mj-text font-size="16px" line-height="1.5" color="{{ brand.colors.text }}" />
    </mj-attributes>
    <mj-style>a { color: inherit; } p { margin: 0 0 16px; }</mj-style>
  </mj-head>
  <mj-body background-color="{{ brand.colors.background }}" width="560px">
    <mj-section padding="24px 0 8px">
      <mj-column>
        <mj-raw>{% if brand.logo != '' %}</mj-raw>
        <mj-image src="{{ brand.logo }}" alt="{{ brand.name }}" width="120px" />
        <mj-raw>{% else %}</mj-raw>
        <mj-text align="center" font-size="18px" font-weight="700">{{ brand.name }}</mj-text>
        <mj-raw>{% endif %}</mj-raw>
      </mj-column>
    </mj-section>
    <mj-section background-color="{{ brand.colors.paper }}" border-radius="12px" padding="24px 8px">
      <mj-column>
        <mj-raw>{% if picture != '' %}</mj-raw>
        <mj-image src="{{ picture }}" alt="" border-radius="8px" />
        <mj-raw>{% endif %}</mj-raw>
        <mj-text>{{ text }}</mj-text>
        <mj-raw>{% if button.url != '' %}</mj-raw>
        <mj-button href="{{ button.url }}" background-color="{{ brand.colors.accent }}"
          color="{{ brand.colors.on_accent }}" font-size="16px" font-weight="700" border-radius="8px"
          inner-padding="14px 28px">{{ button.text }}</mj-button>
        <mj-raw>{% endif %}</mj-raw>
      </mj-column>
    </mj-section>
    <mj-section padding="16px 0 32px">
      <mj-column>
        <mj-text align="center" font-size="13px" color="{{ brand.colors.soft }}">{{ footer }}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
