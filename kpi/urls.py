from django.urls import path

from kpi import board_views, chart_views, goal_views, map_views, review_views, views

urlpatterns = [
    path("kpi/", views.dashboard, name="dashboard"),
    path("kpi/catalogue/", views.kpi_catalogue, name="kpi_catalogue"),
    path("kpi/boards/new/", board_views.board_new, name="board_new"),
    path("kpi/boards/<int:pk>/", board_views.board_edit, name="board_edit"),
    path("kpi/boards/<int:pk>/delete/", board_views.board_delete, name="board_delete"),
    path("kpi/reasons/", views.kpi_reasons, name="kpi_reasons"),
    path("kpi/goals/", goal_views.goals, name="goals"),
    path("kpi/goals/new/", goal_views.goal_new, name="goal_new"),
    path("kpi/goals/<int:pk>/", goal_views.goal_page, name="goal"),
    path("kpi/goals/<int:pk>/edit/", goal_views.goal_edit, name="goal_edit"),
    path("kpi/goals/<int:pk>/drop/", goal_views.goal_drop, name="goal_drop"),
    path("kpi/reviews/", review_views.review_list, name="reviews"),
    path("kpi/reviews/<int:pk>/", review_views.review, name="review"),
    path("kpi/reviews/pages/<int:pk>/", review_views.review_page, name="review_page"),
    path("kpi/reviews/pages/<int:pk>/note/", review_views.review_note, name="review_note"),
    path("kpi/reviews/pages/<int:pk>/actions/", review_views.review_action_add, name="review_action_add"),
    path("kpi/reviews/actions/<int:pk>/done/", review_views.review_action_done, name="review_action_done"),
    path("kpi/causes/", chart_views.kpi_causes, name="kpi_causes"),
    path("kpi/heat/", map_views.kpi_heat, name="kpi_heat"),
    path("kpi/people/", map_views.kpi_people, name="kpi_people"),
    path("kpi/cohorts/", map_views.kpi_cohorts, name="kpi_cohorts"),
    path("kpi/stages/", chart_views.kpi_stages, name="kpi_stages"),
    path("kpi/<str:code>/control/", chart_views.kpi_control, name="kpi_control"),
    path("kpi/<str:code>/change/", chart_views.kpi_change, name="kpi_change"),
    path("kpi/<str:code>/", views.kpi_figure, name="kpi_figure"),
    path("kpi/<str:code>/why/", views.kpi_why, name="kpi_why"),
    path("kpi/<str:code>/members/", views.kpi_members, name="kpi_members"),
]
