from django.urls import path

from orders.views import desk, orders

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("orders/", orders.order_list, name="orders"),
]
