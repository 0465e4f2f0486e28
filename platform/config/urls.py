"""Who answers where."""

urlpatterns: list = []
